import { ConfigurationError } from '../../errors/configuration.ts'
import type { Operation } from '../api.ts'

/** @throws ConfigurationError missing_metadata where the metadata has no such URL */
export function discover(operation: Operation, metadata: object | undefined): string | undefined {
  const url = preferDiscovered(operation, metadata)
  if (url !== undefined || !metadata) return url
  const { metadataField: field = '', id } = operation
  const message = `${id}: the authorization server's metadata has no URL in "${field}", so it does not offer this`
  const facts = { field, clause: 'RFC 8414 2', expected: 'a URL', actual: 'absent or none' }
  throw new ConfigurationError('missing_metadata', message, facts)
}

/** For documents whose paths are good without metadata; undefined where that has no such URL. */
export function preferDiscovered({ metadataField: field }: Operation, metadata: object = {}): string | undefined {
  const url: unknown = Object.entries(metadata).find(([name]) => name === field)?.[1]
  return typeof url === 'string' && URL.canParse(url) ? url : undefined
}
