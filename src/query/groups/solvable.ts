/** Which unknowns a system of sums determines: by bringing it into reduced row echelon form. */

const nearZero = 1e-9;

/** @param sums for each equation, which unknowns (by index) are summed up in it */
export function determined(sums: readonly (readonly number[])[], unknowns: number): number[] {
  const rows = sums.map(parts => {
    const row = new Float64Array(unknowns);
    for (const part of parts) row[part] = 1;
    return row;
  });
  let at = 0;
  for (let column = 0; column < unknowns && at < rows.length; column++) {
    const pivot = rows.findIndex((row, i) => i >= at && Math.abs(row[column]!) > nearZero);
    if (pivot < 0) continue;
    [rows[at], rows[pivot]] = [rows[pivot]!, rows[at]!];
    eliminate(rows, at, column);
    at += 1;
  }
  return rows.flatMap(row => {
    const left = [...row.keys()].filter(i => Math.abs(row[i]!) > nearZero);
    return left.length === 1 ? left : [];
  });
}

function eliminate(rows: readonly Float64Array[], at: number, column: number): void {
  const own = rows[at]!;
  const scale = own[column]!;
  for (let j = 0; j < own.length; j++) own[j]! /= scale;
  for (const [i, row] of rows.entries()) {
    const factor = row[column]!;
    if (i === at || Math.abs(factor) <= nearZero) continue;
    for (let j = column; j < own.length; j++) row[j]! -= factor * own[j]!;
  }
}
