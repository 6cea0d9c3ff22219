import type { ProgramCall } from '../child-process';
import type { InputFiles } from './input-files';
import type { PeerPython } from './peer-python';

/** What one process of one side took. */
export interface Run {
  readonly seconds: number;
  /** Resident at the peak, less what was after the imports: torch's CUDA build holds 670 MB then, its CPU build 240. */
  readonly megabytes?: number;
  /** Of the processor, where the whole process is timed. */
  readonly cpuSeconds?: number;
  /** How many of torchvision's detections this side finds again. */
  readonly agreement?: string;
  /** Other work on the machine spoilt the timing. */
  readonly disturbed: boolean;
}

/** What a side's last line says of its run; `disturbed` is null where the side does not know. */
export type Reported = Omit<Run, 'disturbed'> & { readonly disturbed: boolean | null };

/** One way to do the work. */
export interface Form {
  /** 'float32, channels_last'. */
  readonly name: string;
  readonly call: ProgramCall;
  /** Reads the last line that the program printed; left out: the time of the whole process counts. */
  readonly parse?: (line: string) => Reported;
}

/** The ways to do the work, or why there is none: what is not installed, for instance. */
export type Forms = { readonly forms: readonly Form[] } | { readonly missing: string };

/** Somebody else's program in all the forms that users run it in: the fastest counts. */
export type Rival = { readonly name: string } & Forms;

/** Both sides of a comparison, ready to run. */
export interface Sides {
  readonly ours: Form;
  readonly rivals: readonly Rival[];
}

/** A data set that pictures are taken from. */
export interface PictureSet {
  /** COCO instances file. */
  readonly annotations: string;
  readonly images: string;
}

/** What a case is prepared with. */
export interface Workplace {
  readonly python: PeerPython;
  readonly files: InputFiles;
  /** The folder of the torchvision peer's scripts. */
  readonly scripts: string;
  /** @throws InputError where none is given. */
  readonly pictures: () => PictureSet;
  readonly signal: AbortSignal;
}

/** One comparison: the same work by all sides, each in processes of its own. */
export interface SpeedCase {
  readonly name: string;
  readonly what: string;
  /** How often each side runs, by turns. */
  readonly rounds: number;
  /** Works on a data set of the user's. */
  readonly needsPictures?: boolean;
  /** What cannot be done here is a missing rival. */
  readonly prepare: (workplace: Workplace) => Promise<Sides>;
}
