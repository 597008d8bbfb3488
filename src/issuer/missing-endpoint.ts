import { ConfigurationError } from '../errors/configuration.ts'

/**
 * What is wanted of a server that does not offer it, as its metadata has no such endpoint.
 *
 * @param clause where the field is specified
 */
export function missingEndpoint(issuer: string, field: string, clause = 'RFC 8414 2'): ConfigurationError {
  const facts = { field, clause, expected: 'https URL', actual: 'absent' }
  return new ConfigurationError('missing_metadata', `${issuer} has no "${field}"`, facts)
}
