import type { Operation, OperationInput } from '../api.ts'
import { fillTemplate } from './fill-path.ts'
import { entriesOf, listItems, toText } from './values.ts'

/**
 * As `fillPath`, for lists, objects and styles of their own.
 *
 * @throws TypeError for a missing or empty parameter, and for one that makes `.` or `..` of a segment
 * @see OpenAPI 3.1 4.8.12.3, style values
 */
export function fillStyledPath({ path, encodings }: Operation, input: OperationInput): string {
  return fillTemplate(path, input.path, (value, name) => {
    const { style, explode = false } = encodings?.path?.[name] ?? {}
    const items = serializeSimple(value, explode, encodeURIComponent)
    if (items.join('') === '') return ''
    if (style === 'label') return `.${items.join(explode ? '.' : ',')}`
    if (style !== 'matrix') return items.join(',')
    if (!explode) return `;${name}=${items.join(',')}`
    const named = Array.isArray(value) || typeof value !== 'object'
    return items.map((item) => (named ? `;${name}=${item}` : `;${item}`)).join('')
  })
}

/** `simple` style: a header's or path's value. Of an object the keys and values, joined by `=` when exploded. */
export function serializeSimple(value: unknown, explode: boolean, encode: (text: string) => string): string[] {
  if (!explode || typeof value !== 'object' || value === null || Array.isArray(value)) return listItems(value, encode)
  return entriesOf(value).map(([key, item]) => `${encode(key)}=${encode(toText(item))}`)
}
