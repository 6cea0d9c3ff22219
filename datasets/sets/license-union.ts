import { isDeepStrictEqual } from 'node:util';
import { NewIds } from './new-ids';

interface WithId {
  readonly id?: unknown;
}

/** Licenses of several data sets. Those that say the same are one. */
export class LicenseUnion {
  /** In the order in which they were added. */
  readonly licenses: WithId[] = [];
  private readonly ids = new NewIds();

  /** @returns the ids that the ids of these have become. */
  add(licenses: readonly object[]): Map<unknown, number> {
    const ids = new Map<unknown, number>();
    for (const license of licenses as readonly WithId[]) {
      if (typeof license.id !== 'number') {
        this.licenses.push(license);
        continue;
      }
      const same = this.licenses.find((other) => isDeepStrictEqual({ ...other, id: license.id }, license));
      const id = same?.id ?? this.ids.add([license.id])[0];
      if (!same) this.licenses.push({ ...license, id });
      ids.set(license.id, Number(id));
    }
    return ids;
  }
}
