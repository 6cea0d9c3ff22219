/** Ids of one list: each stays where it is free, and gets a number above all others where it is taken. */
export class NewIds {
  private readonly taken = new Set<number>();
  private highest = 0;
  private lowest = 0;

  /**
   * Adds the ids of one file.
   *
   * @returns what each of them has become.
   */
  add(ids: readonly number[]): number[] {
    const isTaken = ids.map((id) => this.taken.has(id));
    for (const id of ids) {
      this.taken.add(id);
      this.highest = Math.max(this.highest, id);
    }
    return ids.map((id, index) => (isTaken[index] ? this.next() : id));
  }

  private next(): number {
    // Where nothing is above, a gap is filled.
    if (this.highest === Number.MAX_SAFE_INTEGER) while (this.taken.has(++this.lowest));
    const id = this.highest === Number.MAX_SAFE_INTEGER ? this.lowest : ++this.highest;
    this.taken.add(id);
    return id;
  }
}
