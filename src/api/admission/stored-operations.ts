/** The allow-list: documents that the front-ends of the hall were built with, by the digest of their normalised text. */
import { createHash } from 'node:crypto';
import { type DocumentNode, type GraphQLSchema, parse, print, validate } from 'graphql';

export interface StoredOperation {
  /** SHA-256 of `text`, hexadecimal. */
  readonly id: string;
  readonly name: string;
  /** As graphql-js prints it, whatever the layout of its file was. */
  readonly text: string;
}

export const normalised = (document: DocumentNode): string => print(document);
export const operationId = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Throws an Error that names the file and what is wrong with it. Each file must hold one operation, with a name. */
export function makeStoredOperations(
  schema: GraphQLSchema,
  files: Readonly<Record<string, string>>,
): readonly StoredOperation[] {
  return Object.entries(files).map(([file, source]) => {
    const document = parse(source, { noLocation: true });
    const [fault] = validate(schema, document);
    if (fault) throw new Error(`${file} does not fit the schema: ${fault.message}`);
    const operations = document.definitions.filter(definition => definition.kind === 'OperationDefinition');
    const name = operations[0]?.name?.value;
    if (operations.length !== 1 || !name) throw new Error(`${file} should hold one operation, with a name`);
    const text = normalised(document);
    return { id: operationId(text), name, text };
  });
}

export class StoredOperations {
  private readonly texts: ReadonlyMap<string, string>;

  constructor(operations: readonly StoredOperation[]) {
    this.texts = new Map(operations.map(({ id, text }) => [id, text]));
  }

  /** Takes the id with or without `sha256:` before it. */
  find(id: string): string | null {
    return this.texts.get(id.replace(/^sha256:/, '').toLowerCase()) ?? null;
  }

  /** Whether a document is one of the list, in whatever layout it came. */
  holds(document: DocumentNode): boolean {
    return this.texts.has(operationId(normalised(document)));
  }
}
