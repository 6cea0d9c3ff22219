const LISTED_IDS = 5;

/** Annotations of a kind that is put right or told, counted, with the first few ids. */
export class Counted {
  private count = 0;
  private readonly ids: string[] = [];

  /**
   * Of none yet.
   *
   * @param what continues "3 of the annotations"
   * @param remedy a sentence for whoever wants it otherwise
   */
  constructor(
    private readonly what: string,
    private readonly remedy?: string,
  ) {}

  /** @param detail of this annotation, behind its id */
  add(annotationId: number, detail?: string): void {
    this.count++;
    if (this.ids.length < LISTED_IDS)
      this.ids.push(detail === undefined ? `${annotationId}` : `${annotationId}: ${detail}`);
  }

  /** No line where there is none. */
  note(): string[] {
    if (this.count === 0) return [];
    const ids = this.ids.join(', ') + (this.count > LISTED_IDS ? ', ...' : '');
    const told = `${this.count} of the annotations ${this.what} (${this.count === 1 ? 'id' : 'ids'} ${ids}).`;
    return [this.remedy === undefined ? told : `${told} ${this.remedy}`];
  }
}
