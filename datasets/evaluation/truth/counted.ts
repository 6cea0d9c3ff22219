/** So many places are listed. */
const LISTED = 3;

/** Things of one kind, counted, with the places of the first few. */
export class Counted {
  private count = 0;
  private readonly places: string[] = [];

  add(place: string): void {
    this.count++;
    if (this.places.length < LISTED) this.places.push(place);
  }

  /** None where there are no such things. */
  note(what: string, then: string): string[] {
    if (this.count === 0) return [];
    const places = this.places.join(', ') + (this.count > LISTED ? ', ...' : '');
    return [`${what}: ${this.count} (${places}). ${then}`];
  }
}
