/** Counts the bytes of tensors that are alive, each buffer once, however many tensors share it. */
import { isBfloat16 } from '../../detection/backend/node';
import { isTrainingStep, observeBuffers } from '../../detection/nn/tfjs-internals';

/** Buffers of one origin that were alive together. */
export interface LiveGroup {
  /** The operation that made them; undefined for values that came from typed arrays. */
  readonly kernel: string | undefined;
  readonly shape: readonly number[];
  readonly count: number;
  readonly bytes: number;
}

export interface HighWaterMark {
  readonly bytes: number;
  /** The operation whose output was the last drop. */
  readonly kernel: string | undefined;
  readonly shape: readonly number[];
  /** Whether a tape was being recorded: the forward of a training step. */
  readonly inForward: boolean;
  /** What was alive, largest first. */
  readonly groups: readonly LiveGroup[];
}

/** Memory that one or more buffers are views of. */
interface Block {
  readonly bytes: number;
  readonly kernel: string | undefined;
  readonly shape: readonly number[];
  users: number;
}

/** What has just made a buffer. */
interface Allocation {
  readonly kernel: string | undefined;
  readonly shape: readonly number[];
}

/**
 * Counts live tensor bytes. Reshapes share their input's memory and count nothing, as do clones. What it counts
 * is exact and repeats from run to run; what it does not see is memory inside of an operation, the allocator's
 * overhead and the runtime's own. Buffers that were there before it started are not counted.
 */
export class LiveBytes {
  private readonly blocks = new Map<object, Block>();
  private readonly stopObserving: () => void;
  private current = 0;

  /** @param onChange is told of every change, and of what has allocated. */
  constructor(private readonly onChange: (bytes: number, allocation?: Allocation) => void = () => undefined) {
    this.stopObserving = observeBuffers({
      allocated: (buffer, info, kernel, sharedWith) => {
        const { shape } = info;
        const bytes = isBfloat16(buffer) ? info.bytes / 2 : info.bytes;
        const shared = sharedWith && this.blocks.get(sharedWith);
        if (shared) {
          shared.users++;
          this.blocks.set(buffer, shared);
          return;
        }
        this.blocks.set(buffer, { bytes, kernel, shape, users: 1 });
        this.current += bytes;
        this.onChange(this.current, { kernel, shape });
      },
      freed: (buffer) => {
        const block = this.blocks.get(buffer);
        if (!block) return;
        this.blocks.delete(buffer);
        if (--block.users > 0) return;
        this.current -= block.bytes;
        this.onChange(this.current);
      },
    });
  }

  get bytes(): number {
    return this.current;
  }

  /** What is alive now, by operation and shape, largest first. */
  groups(): LiveGroup[] {
    const groups = new Map<string, LiveGroup>();
    for (const { kernel, shape, bytes } of new Set(this.blocks.values())) {
      const key = `${kernel} ${shape.join('x')}`;
      const group = groups.get(key);
      groups.set(key, { kernel, shape, count: (group?.count ?? 0) + 1, bytes: (group?.bytes ?? 0) + bytes });
    }
    return [...groups.values()].sort((a, b) => b.bytes - a.bytes);
  }

  stop(): void {
    this.stopObserving();
  }
}

/** Counts live bytes, and knows what was alive when they were most. Start it before the model is built. */
export class LiveBytesMeter {
  private readonly live: LiveBytes;
  private highest: HighWaterMark | undefined;

  private constructor(onChange?: (bytes: number) => void) {
    this.live = new LiveBytes((bytes, allocation) => {
      if (allocation && bytes > (this.highest?.bytes ?? 0)) {
        this.highest = { bytes, ...allocation, inForward: isTrainingStep(), groups: this.live.groups() };
      }
      onChange?.(bytes);
    });
  }

  /** @param onChange is told of every change. */
  static start(onChange?: (bytes: number) => void): LiveBytesMeter {
    return new LiveBytesMeter(onChange);
  }

  get bytes(): number {
    return this.live.bytes;
  }

  /** The largest number of bytes since the meter was started or last reset; undefined where nothing was allocated. */
  get highWaterMark(): HighWaterMark | undefined {
    return this.highest;
  }

  resetHighWaterMark(): void {
    this.highest = undefined;
  }

  stop(): void {
    this.live.stop();
  }
}
