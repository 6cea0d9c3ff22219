import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../detection/errors';
import type { CocoFileCategory } from '../coco/coco-file';
import { shownValue } from '../coco/problems';
import { groupBy } from '../group-by';
import { NewIds } from './new-ids';

/** Categories of several data sets. They are the same where their names are. */
export class CategoryUnion {
  private readonly byName = new Map<string, CocoFileCategory>();
  private readonly ids = new NewIds();
  private readonly changedIds: string[] = [];
  private readonly sameNames: string[] = [];
  private readonly otherKeys: string[] = [];

  /**
   * Adds the categories of a data set behind those that are there.
   *
   * @param source names it in notes.
   * @returns the ids that its ids have become.
   * @throws InputError where a category has other keypoints than that of the same name before.
   */
  add(source: string, categories: readonly CocoFileCategory[]): Map<number, number> {
    const firsts = new Map<string, CocoFileCategory>();
    for (const category of categories) {
      const { name } = category;
      if (firsts.has(name))
        this.sameNames.push(`${source}: several categories are called ${shownValue(name)}; they become one`);
      else firsts.set(name, category);
    }
    for (const category of categories) this.join(source, category);
    const added = [...firsts.values()].filter(({ name }) => !this.byName.has(name));
    const newIds = this.ids.add(added.map(({ id }) => id));
    added.forEach((category, index) => this.byName.set(category.name, { ...category, id: newIds[index] }));
    const ids = new Map(categories.map(({ id, name }) => [id, this.byName.get(name)!.id]));
    const numChanged = [...ids].filter(([from, to]) => from !== to).length;
    if (numChanged > 0)
      this.changedIds.push(`${source}: ${numChanged} of ${ids.size} categories have other ids now`);
    return ids;
  }

  /** Takes over what a category says that the one of the same name before does not. */
  private join(source: string, category: CocoFileCategory): void {
    const { id, name, ...keys } = category;
    const before = this.byName.get(name);
    if (before === undefined) return;
    this.byName.set(name, { ...keys, ...before });
    const others = Object.keys(keys).filter(
      (key) => key in before && !isDeepStrictEqual(keys[key], before[key]),
    );
    if (others.includes('keypoints')) {
      throw new InputError(
        'merge-keypoints',
        `${source}: category ${shownValue(name)} (${id}) has other keypoints, or in another order, than in a file before; ` +
          'the objects of both cannot stand in one file',
        { name },
      );
    }
    if (others.length > 0)
      this.otherKeys.push(
        `${source}: ${others.join(', ')} of category ${shownValue(name)} left out; a file before counts`,
      );
  }

  /** In the order in which they were added. */
  get categories(): CocoFileCategory[] {
    return [...this.byName.values()];
  }

  /** Which ids are others now: one line each. */
  get idNotes(): readonly string[] {
    return this.changedIds;
  }

  /** Names that occur twice, what their categories say otherwise, and names that differ in nothing but case, blanks and Unicode form: one line each. */
  get nameNotes(): string[] {
    const alike = groupBy(this.byName.keys(), (name) => name.trim().normalize('NFC').toLowerCase());
    const differing = [...alike.values()].filter((names) => names.length > 1);
    return [
      ...this.sameNames,
      ...this.otherKeys,
      ...differing.map(
        (names) =>
          `these are different categories: ${names.map(shownValue).join(', ')}; rename one if they are not`,
      ),
    ];
  }
}
