/** A stored operation as a rehearsal sees it: whether it may be run, and which keys it has to be given. */
import { type DocumentNode, getOperationAST, Kind, parse, visit } from 'graphql';
import type { Catalog, StoredNoun } from '../catalog/catalog.ts';

export interface RehearsedOperation {
  readonly document: DocumentNode;
  /** A mutation: it would act. */
  readonly writes: boolean;
  /** Variables that are keys of a root field's noun; null where one is demanded that is anything else. */
  readonly keys: readonly { readonly variable: string; readonly noun: StoredNoun }[] | null;
}

const lowerFirst = (name: string) => name[0]!.toLowerCase() + name.slice(1);

export function rehearsedOperation(catalog: Catalog, text: string): RehearsedOperation {
  const document = parse(text);
  const demanded = new Set<string>();
  const keys: { variable: string; noun: StoredNoun }[] = [];
  const nouns = new Map(catalog.all().map(noun => [lowerFirst(noun.name), noun]));
  visit(document, {
    VariableDefinition: ({ variable, type, defaultValue }) => {
      if (type.kind === Kind.NON_NULL_TYPE && !defaultValue) demanded.add(variable.name.value);
    },
    Field: field => {
      const noun = nouns.get(field.name.value);
      for (const { name, value } of field.arguments ?? []) {
        if (!noun || noun.kind.key[0] !== name.value || value.kind !== Kind.VARIABLE) continue;
        keys.push({ variable: value.name.value, noun });
      }
    },
  });
  for (const { variable } of keys) demanded.delete(variable);
  const writes = getOperationAST(document)?.operation === 'mutation';
  return { document, writes, keys: demanded.size ? null : keys };
}
