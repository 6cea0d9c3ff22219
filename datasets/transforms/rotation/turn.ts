import type { Size } from '../../../detection/structures/size';

/** A point or the middle of a pixel: x and y, or column and row. */
export type Place = readonly [x: number, y: number];

/** Turns a picture about its center, against the clock; it keeps its size. As torchvision's rotate. */
export class Turn {
  private readonly cos: number;
  private readonly sin: number;

  constructor(
    degrees: number,
    /** Of the picture. */
    readonly size: Size,
  ) {
    this.cos = Math.cos((degrees / 180) * Math.PI);
    this.sin = Math.sin((degrees / 180) * Math.PI);
  }

  /** Where a point comes to, pixels from the picture's upper left corner. */
  to(x: number, y: number): Place {
    const [centerX, centerY] = [this.size.width / 2, this.size.height / 2];
    const [dx, dy] = [x - centerX, y - centerY];
    return [this.cos * dx + this.sin * dy + centerX, this.cos * dy - this.sin * dx + centerY];
  }

  /** What a pixel of the turned picture shows: a column and a row, between pixels where they have fractions. */
  from(column: number, row: number): Place {
    const [centerX, centerY] = [(this.size.width - 1) / 2, (this.size.height - 1) / 2];
    const [dx, dy] = [column - centerX, row - centerY];
    return [this.cos * dx - this.sin * dy + centerX, this.cos * dy + this.sin * dx + centerY];
  }
}

/** torch's rounding: a half goes to the even neighbor. */
export function roundHalfToEven(value: number): number {
  const whole = Math.floor(value);
  const rest = value - whole;
  return rest > 0.5 || (rest === 0.5 && whole % 2 !== 0) ? whole + 1 : whole;
}
