/** Nest token of the OpenAPI document. */
export const API_DOCUMENT = Symbol('ApiDocument');
