import type { Operation, OperationInput } from '../api.ts'
import { appendQuery } from './append-query.ts'
import { entriesOf, toText } from './values.ts'

/**
 * Query parameters that all have the default style: `form`, exploded. Items of an array are repeated, members of an
 * object are parameters by themselves.
 */
export function writeQuery(url: URL, _: Operation, { query }: OperationInput): void {
  const pairs = entriesOf(query)
    .flatMap(([name, value]) => {
      if (typeof value !== 'object') return [[name, value]]
      return entriesOf(value).map(([key, item]) => [Array.isArray(value) ? name : key, item])
    })
    .map((pair) => pair.map((part) => encodeURIComponent(toText(part))).join('='))
  appendQuery(url, pairs)
}
