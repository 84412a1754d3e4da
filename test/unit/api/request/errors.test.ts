import { expect, test } from '@jest/globals';
import { buildSchema, execute, GraphQLError, parse, validate } from 'graphql';
import pino from 'pino';
import { formatClientError } from '../../../../src/api/request/errors.ts';
import { type ErrorCode, errorCodes, HubError } from '../../../../src/domain/error-codes.ts';

const secret = '371482199001010018';
const lines: string[] = [];
const log = pino({}, { write: (line: string) => void lines.push(line) });
const tell = (error: GraphQLError, code?: string) => {
  lines.length = 0;
  const formatted = error.toJSON();
  return formatClientError(
    code ? { ...formatted, extensions: { ...formatted.extensions, code } } : formatted,
    error,
    log,
  );
};
const thrown = (originalError: Error) => new GraphQLError(originalError.message, { originalError, path: ['a', 0] });

test.each(Object.keys(errorCodes) as ErrorCode[])(
  '%s is returned with its message, its place and whether a retry helps',
  code => {
    const told = tell(thrown(new HubError(code, 'What was attempted', { agency: 'police' })));
    expect(told).toEqual({
      message: 'What was attempted',
      path: ['a', 0],
      extensions: { code, retry: errorCodes[code].retry, agency: 'police' },
    });
  },
);

test('the cause of a failure goes to the log, without its message', () => {
  const cause = new Error(secret);
  const told = tell(
    thrown(new HubError('AGENCY_UNAVAILABLE', 'police did not answer', { agency: 'police' }, { cause })),
  );
  expect(JSON.stringify(told)).not.toContain(secret);
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain(secret);
  expect(JSON.parse(lines[0]!)).toMatchObject({ code: 'AGENCY_UNAVAILABLE', cause: { name: 'Error' } });
});

test('an unexpected error becomes a reference number, which is in the log too', () => {
  for (const error of [
    thrown(new Error(secret)),
    thrown(new TypeError(`x is ${secret}`)),
    thrown(thrown(new Error(secret))),
  ]) {
    const told = tell(error);
    expect(told.extensions).toEqual({
      code: 'INTERNAL',
      retry: true,
      reference: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
    expect(JSON.stringify(told) + lines.join()).not.toContain(secret);
    expect(JSON.parse(lines[0]!).reference).toBe(told.extensions!.reference);
    expect(told.message).toContain(told.extensions!.reference as string);
  }
});

const schema = buildSchema(`
  scalar LocalDate
  enum Level { TOWN VILLAGE }
  input Where { level: Level, code: String, from: LocalDate, size: Int }
  type Query { list(where: Where, first: Int, id: String): Int }
`);

test.each([
  ['Int', secret],
  ['Int', 1.5e300],
  ['String', { secret }],
  ['Where', { size: secret }],
  ['Where', { level: secret }],
  ['Where', { code: [secret, `"; ${secret}`] }],
  ['Where', { [secret]: 1 }],
  ['[Where!]!', [{ level: `a" at "value.level"; ${secret}` }]],
])('a variable of the type %s that does not fit is named, not quoted: %j', async (type, value) => {
  const document = parse(`query ($value: ${type}) { list }`);
  const { errors } = await execute({ schema, document, variableValues: { value } });
  for (const code of [undefined, 'BAD_USER_INPUT']) {
    const told = tell(errors![0]!, code);
    expect(told).toMatchObject({
      message: `Variable "$value" has an invalid value: it should be of the type ${type}`,
      extensions: { code: 'BAD_USER_INPUT', retry: false },
    });
    expect(JSON.stringify(told) + lines.join()).not.toContain(secret);
  }
});

test('a missing variable is reported as missing', async () => {
  const { errors } = await execute({ schema, document: parse('query ($value: Int!) { list(first: $value) }') });
  expect(tell(errors![0]!)).toMatchObject({
    message: 'Variable "$value" of required type "Int!" was not provided.',
    extensions: { code: 'BAD_USER_INPUT' },
  });
});

test.each([
  `first: "${secret}"`,
  `where: { level: X${secret} }`,
  `where: { level: "${secret}" }`,
  `id: ${secret}`,
  `where: "${secret}"`,
])('a value in the document that does not fit is not quoted: %s', args => {
  for (const error of validate(schema, parse(`{ list(${args}) }`))) {
    const told = tell(error, 'GRAPHQL_VALIDATION_FAILED');
    expect(told.extensions).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED' });
    expect(told.locations).toHaveLength(1);
    expect(JSON.stringify(told)).not.toContain(secret);
  }
});

test('errors of the document itself are returned unchanged', () => {
  const [error] = validate(schema, parse('{ lists }'));
  expect(tell(error!, 'GRAPHQL_VALIDATION_FAILED').message).toBe(
    'Cannot query field "lists" on type "Query". Did you mean "list"?',
  );
});
