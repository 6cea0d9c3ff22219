import { Module } from './module';

/** torch.nn.ModuleList: parts named '0', '1', ... */
export class ModuleList<M extends Module> extends Module {
  /** The parts, in their order. */
  readonly items: readonly M[];

  /** Takes over the parts. */
  constructor(items: readonly M[]) {
    super();
    this.items = items.map((item, index) => this.child(String(index), item));
  }
}
