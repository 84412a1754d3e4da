/** One record of a CSV file: a value for every column of the header row, empty when the file has none. */
export type CsvRow = Record<string, string>;

// One field with the delimiter that ends it: quoted (doubled quotes stand for one), or plain text up to a delimiter.
const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

interface Line {
  readonly number: number;
  readonly fields: readonly string[];
}

const readLines = (text: string, file: string): Line[] => {
  const lines: Line[] = [];
  let fields: string[] = [];
  let number = 1;
  let newlines = 0;
  for (let at = 0; at < text.length || fields.length > 0; ) {
    FIELD.lastIndex = at;
    const match = FIELD.exec(text);
    if (!match) throw new Error(`${file}:${newlines + 1}: a quote is out of place`);
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    at = FIELD.lastIndex;
    newlines += match[0].split('\n').length - 1;
    if (match[3] === ',') continue;
    lines.push({ number, fields });
    number = newlines + 1;
    fields = [];
  }
  return lines;
};

/**
 * Reads CSV as RFC 4180 writes it: a header row, `,` between fields, quotes where a field needs them.
 * Lines end with LF or CRLF. Throws an Error that names `file` and the line when a record's column count is
 * not the header's, a column name is missing or repeated, or a quote is out of place.
 */
export const parseCsv = (text: string, file: string): CsvRow[] => {
  const [header, ...records] = readLines(text.replace(/^\uFEFF/, ''), file);
  const columns = header?.fields ?? [];
  if (columns.includes('') || new Set(columns).size !== columns.length || columns.length === 0)
    throw new Error(`${file}:1: every column needs a name of its own`);
  return records.map(({ number, fields }) => {
    if (fields.length !== columns.length)
      throw new Error(`${file}:${number}: ${fields.length} columns where the header has ${columns.length}`);
    return Object.fromEntries(columns.map((column, index) => [column, fields[index] ?? '']));
  });
};
