import { Module } from './module';

/** torch.nn.ModuleList: parts named '0', '1', ... */
export class ModuleList<M extends Module> extends Module {
  readonly items: readonly M[];

  constructor(items: readonly M[]) {
    super();
    this.items = items.map((item, index) => this.child(String(index), item));
  }
}
