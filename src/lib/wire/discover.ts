import { ConfigurationError } from '../../errors/configuration.ts'
import type { Operation } from '../api.ts'

/** @throws ConfigurationError missing_metadata where the metadata has no such URL */
export function discover({ metadataField: field = '', id }: Operation, metadata: object): string {
  const url: unknown = Object.entries(metadata).find(([name]) => name === field)?.[1]
  if (typeof url === 'string' && URL.canParse(url)) return url
  const message = `${id}: the authorization server's metadata has no URL in "${field}", so it does not offer this`
  throw new ConfigurationError('missing_metadata', message, { field, expected: 'a URL', actual: typeof url })
}
