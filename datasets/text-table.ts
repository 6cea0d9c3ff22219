/**
 * Rows of cells as lines: columns of equal width, two spaces between them.
 *
 * @param numNames so many columns from the left hold names and are aligned left; the others hold numbers.
 */
export function textTable(rows: readonly (readonly string[])[], numNames = 1): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => lengthOf(row[column]))));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const space = ' '.repeat(widths[column] - lengthOf(cell));
        return column < numNames ? cell + space : space + cell;
      })
      .join('  '),
  );
}

/** Characters, where some take two code units. */
function lengthOf(cell: string): number {
  return [...cell].length;
}

/** A name as a cell: a new line in it would break the table. */
export function tableName(name: string): string {
  return name.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
}
