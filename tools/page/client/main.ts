/** The script of the page: pictures in, boxes out. The detector runs in a thread of its own. */
import { byId, count } from '../../html/elements';
import type { DetectorTraits, Runner, WasmFiles } from '../messages';
import { DetectorThread } from './detector-thread';
import { embeddedBytes } from './embedded';
import { FoundView } from './found-view';
import { takeFiles } from './given-files';

class App {
  private readonly view = new FoundView();
  private readonly status = byId('status', HTMLElement);
  private readonly score = byId('score', HTMLInputElement);
  private readonly runner = byId('runner', HTMLSelectElement);
  private readonly wasm: WasmFiles = Object.fromEntries(
    (JSON.parse(byId('wasm-names', HTMLScriptElement).text) as string[]).map((name) => [
      name,
      embeddedBytes(name),
    ]),
  );
  /** The file of the detector, which another thread needs again. */
  private detector = { name: document.title, bytes: embeddedBytes('weights') };
  private thread: DetectorThread | undefined;
  /** Whether the thread has its detector. */
  private ready: Promise<void> | undefined;
  private runsOn = '';
  private traits: DetectorTraits | undefined;
  private picture: File | undefined;
  /** What comes of earlier pictures and detectors is of no use any more. */
  private turn = 0;

  start(): void {
    this.score.addEventListener('input', () => this.showScore());
    this.runner.addEventListener('change', () => void this.run(() => this.restart()));
    takeFiles(
      (file) => void this.run(() => this.takePicture(file)),
      (file) => void this.run(() => this.takeDetector(file)),
    );
    void this.run(async () => {
      this.runner.value = await preferredRunner(this.runner);
      await this.restart();
    });
  }

  private get minScore(): number {
    return this.score.valueAsNumber;
  }

  private showScore(): void {
    byId('score-text', HTMLOutputElement).value = this.minScore.toFixed(2);
    this.view.redraw(this.minScore);
  }

  /** A new thread, on the runner that is chosen. */
  private async restart(): Promise<void> {
    this.thread?.end();
    this.thread = new DetectorThread(embeddedBytes('worker'));
    this.say('Starting');
    this.ready = this.begin(this.thread);
    await this.ready;
  }

  private async begin(thread: DetectorThread): Promise<void> {
    this.runsOn = await thread.call('start', { runner: this.runner.value as Runner, wasm: this.wasm });
    await this.load(thread, this.detector);
  }

  private async takeDetector(file: File): Promise<void> {
    this.say(`Reading ${file.name}`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    await this.ready;
    await this.load(this.thread!, { name: file.name, bytes });
  }

  private async load(thread: DetectorThread, detector: App['detector']): Promise<void> {
    this.traits = await thread.call('load', detector);
    this.detector = detector;
    byId('detector-name', HTMLElement).textContent = detector.name;
    const { model, categories } = this.traits;
    const kinds = `${count(categories.length, 'kind')} of objects: ${categories.join(', ')}`;
    byId('finds', HTMLElement).textContent = `${model}, finds ${kinds}`;
  }

  private async takePicture(file: File): Promise<void> {
    this.picture = file;
    this.view.showPicture(file);
    await this.ready;
  }

  /** Looks at the picture, as far as there is one. */
  private async detect(isWanted: () => boolean): Promise<void> {
    const { picture: file, traits, thread } = this;
    if (file === undefined) return this.say(`Ready. ${this.runsOn}`);
    this.say(`Looking at ${file.name}`);
    const found = await thread!.call('detect', { name: file.name, file });
    if (!isWanted()) return;
    this.view.showFound(found, traits!, this.minScore);
    const { width, height } = found.size;
    const seconds = (found.milliseconds / 1000).toFixed(2);
    this.say(`${file.name}, ${width} x ${height}: ${seconds} s. ${this.runsOn}`);
  }

  /**
   * Does what the user wants, and looks at the picture then. Says what has gone wrong, unless the user has turned to something else
   * meanwhile.
   */
  private async run(work: () => Promise<void>): Promise<void> {
    const turn = ++this.turn;
    const isWanted = (): boolean => turn === this.turn;
    document.body.classList.remove('failed');
    document.body.ariaBusy = 'true';
    try {
      await work();
      if (isWanted()) await this.detect(isWanted);
    } catch (error) {
      if (!isWanted()) return;
      document.body.classList.add('failed');
      this.say(error instanceof Error ? error.message : String(error));
    } finally {
      if (isWanted()) document.body.ariaBusy = 'false';
    }
  }

  private say(text: string): void {
    this.status.textContent = text;
  }
}

/** WebGPU where there is a card; where only a processor imitates one, WebAssembly is faster. */
async function preferredRunner(runner: HTMLSelectElement): Promise<Runner> {
  const adapter = 'gpu' in navigator ? await navigator.gpu.requestAdapter() : null;
  if (adapter === null) {
    runner.querySelector<HTMLOptionElement>('option[value=webgpu]')!.disabled = true;
    return 'wasm';
  }
  // The types of WebGPU that TensorFlow.js brings are older than this.
  const { info } = adapter as { info?: { isFallbackAdapter?: boolean } };
  return info?.isFallbackAdapter ? 'wasm' : 'webgpu';
}

new App().start();
