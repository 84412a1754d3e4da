/**
 * The arguments of a field, as graphql-js reads them, except for what clients leave out: a variable that was not given
 * counts as null wherever it stands in a literal, so that `{ eq: $x }` never becomes `{}`; and null for an argument with
 * a default means the default, because some clients send null for what is not set.
 */
import {
  type FieldNode,
  type GraphQLField,
  type GraphQLInputType,
  getArgumentValues,
  getNullableType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  type ObjectFieldNode,
  type ValueNode,
} from 'graphql';

type Variables = Readonly<Record<string, unknown>>;

/** Throws a GraphQLError if an argument has an invalid value. */
export function argumentValues(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  variableValues: Variables,
): Record<string, unknown> {
  if (!field.args.length) return {};
  const given = (node.arguments ?? []).map(argument => {
    const type = field.args.find(({ name }) => name === argument.name.value)?.type;
    return type ? { ...argument, value: absentAsNull(argument.value, type, variableValues) } : argument;
  });
  const values = getArgumentValues(field, { ...node, arguments: given }, variableValues as never);
  for (const { name, defaultValue } of field.args) {
    if (values[name] === null && defaultValue !== undefined) values[name] = defaultValue;
  }
  return values;
}

/** The value with null in the place of absent variables inside of input objects, where null is allowed. */
function absentAsNull(value: ValueNode, type: GraphQLInputType, variables: Variables): ValueNode {
  const nullable = getNullableType(type);
  if (value.kind === Kind.LIST && isListType(nullable))
    return { ...value, values: value.values.map(item => absentAsNull(item, nullable.ofType, variables)) };
  if (value.kind !== Kind.OBJECT || !isInputObjectType(nullable)) return value;
  const types = nullable.getFields();
  return { ...value, fields: value.fields.map(field => memberOf(field, types[field.name.value]?.type, variables)) };
}

function memberOf(field: ObjectFieldNode, type: GraphQLInputType | undefined, variables: Variables): ObjectFieldNode {
  if (!type) return field;
  const { value } = field;
  if (value.kind !== Kind.VARIABLE) return { ...field, value: absentAsNull(value, type, variables) };
  const isAbsent = variables[value.name.value] === undefined && !isNonNullType(type);
  return isAbsent ? { ...field, value: { kind: Kind.NULL } } : field;
}
