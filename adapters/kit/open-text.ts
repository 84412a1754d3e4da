/**
 * Text in a record about a person that others may see too, with the reason: spread into a field's options. Only for
 * text that the source fills by rule; free text is personal.
 */
const open = (why: string) => ({ sensitivity: 'public', why }) as const;

export const issuedNumber = open('It is a number that an agency gives to a record, a thing or a unit.');
export const tableWord = open('It is a code or a name from a public table.');
export const stepName = open('It is the name of a step of a procedure.');
export const agencyName = open('It is the name of an agency or of a part of it.');
export const publishedBusiness = open('The law has it published of every business or other body.');
export const readByHub = open('The hub has read it as a number or a code; anything else is parked.');
