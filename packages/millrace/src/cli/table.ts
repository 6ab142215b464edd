export type Cell = string | number;

/** Rows under their headings in aligned columns: numbers to the right, words to the left. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const line = (cells: readonly Cell[], isNumber: (column: number) => boolean): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumber(column) ? String(cell).padStart(width) : String(cell).padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const numeric = (column: number): boolean =>
    rows.length > 0 && rows.every((row) => typeof row[column] === 'number');
  return [line(headings, numeric), ...rows.map((row) => line(row, numeric))].join('\n');
}
