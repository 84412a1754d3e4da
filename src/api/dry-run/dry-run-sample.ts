/** A stored operation as a dry run sees it: whether it may be run, and which keys it needs. */
import { type DocumentNode, getOperationAST, Kind, parse, visit } from 'graphql';
import type { Catalog, StoredNoun } from '../../catalog/catalog.ts';

export interface DryRunSample {
  readonly document: DocumentNode;
  /** It is a mutation, which would change something. */
  readonly writes: boolean;
  /** Variables that are keys of a root field's noun; null if a variable of another kind is required. */
  readonly keys: readonly { readonly variable: string; readonly noun: StoredNoun }[] | null;
}

const lowerFirst = (name: string) => name[0]!.toLowerCase() + name.slice(1);

export function dryRunSample(catalog: Catalog, text: string): DryRunSample {
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
