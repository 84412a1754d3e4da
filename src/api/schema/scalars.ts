/** GraphQL scalars for the kit's scalars; input is checked by the kit's own rules, so a bad date never reaches SQL. */
import { GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { date, decimal, type Field, instant } from '../../../adapters/kit/record.ts';

const fromKit = (name: string, description: string, { check }: Field) => {
  const parseValue = (value: unknown) => {
    const { data, error } = check.safeParse(value);
    if (error) throw new TypeError(`${name} ${error.issues[0]!.message}`);
    return data;
  };
  const parseLiteral = (node: ValueNode) =>
    parseValue(node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT ? node.value : null);
  return new GraphQLScalarType({ name, description, parseValue, parseLiteral });
};

export const Decimal = fromKit('Decimal', 'An exact number as text, `-12.50` · 精确数值', decimal({ zh: '' }));
export const LocalDate = fromKit('LocalDate', 'A calendar day, `2026-11-23` · 日期', date({ zh: '' }));
export const DateTime = fromKit(
  'DateTime',
  'A moment in ISO 8601 with offset, `2026-11-23T01:30:00Z` · 时间',
  instant({ zh: '' }),
);

const refuse = (name: string) => () => {
  throw new TypeError(`${name} cannot be given, only read`);
};
export const GeoPolygon = new GraphQLScalarType({
  name: 'GeoPolygon',
  description: 'A GeoJSON polygon in longitude and latitude (CGCS2000, EPSG:4490) · 多边形',
  parseValue: refuse('GeoPolygon'),
  parseLiteral: refuse('GeoPolygon'),
});
export const Position = new GraphQLScalarType({
  name: 'Position',
  description: 'The place of a change among all changes: a whole number from 1, without gaps · 序号',
  parseValue: refuse('Position'),
  parseLiteral: refuse('Position'),
});
