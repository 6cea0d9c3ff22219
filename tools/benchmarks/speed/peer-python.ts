import { runProgram } from '../child-process';
import { peerScript } from './peer-script';

/** The Python that runs the peers, and what is installed in it. */
export class PeerPython {
  /** Megabytes, by the modules that were imported. */
  private readonly resident = new Map<string, Promise<number>>();

  private constructor(
    readonly program: string,
    /** Versions by package; of those asked for that are installed. */
    readonly versions: Readonly<Record<string, string>>,
  ) {}

  /**
   * @param requirements packages as pip takes them, of which the versions are asked for.
   * @throws InputError where the program does not run.
   */
  static async open(
    program: string,
    requirements: readonly string[],
    signal: AbortSignal,
  ): Promise<PeerPython> {
    const printed = await runProgram(
      { program, args: [peerScript('installed_versions.py'), ...requirements.map(packageOf)] },
      signal,
    );
    return new PeerPython(program, JSON.parse(printed) as Record<string, string>);
  }

  /** What to do about packages that are not installed; undefined where all are. Another version is good enough. */
  missing(requirements: readonly string[]): string | undefined {
    const absent = requirements.filter((requirement) => this.versions[packageOf(requirement)] === undefined);
    if (absent.length === 0) return undefined;
    return `not installed: ${this.program} -m pip install ${absent.join(' ')}`;
  }

  /** Megabytes that a process holds once it has imported modules. Asked for once. */
  residentAfterImporting(modules: readonly string[], signal: AbortSignal): Promise<number> {
    const key = modules.join(' ');
    const known = this.resident.get(key);
    if (known) return known;
    const args = [peerScript('resident_after_imports.py'), ...modules];
    const asked = runProgram({ program: this.program, args }, signal).then(Number);
    this.resident.set(key, asked);
    return asked;
  }
}

/** `onnx==1.23.2` is onnx's. */
function packageOf(requirement: string): string {
  return requirement.split('==')[0];
}
