import { entriesOf, toText } from './values.ts'

/**
 * Puts parameters of style `simple` into a path template, each percent-encoded so that it cannot leave its segment.
 *
 * @throws TypeError for a missing or empty parameter, and for one that makes `.` or `..` of a segment
 */
export function fillPath(template: string, values?: object): string {
  return fillTemplate(template, values, (_, value) => listItems(value, encodeURIComponent).join(','))
}

/** Of an object the keys and values by turns. */
export function listItems(value: unknown, encode: (text: string) => string): string[] {
  if (typeof value !== 'object') return [encode(String(value))]
  const items: unknown[] = Array.isArray(value) ? value : entriesOf(value ?? {}).flat()
  return items.map((item) => encode(toText(item)))
}

/** `write` makes the text of one parameter from its name and value. */
export function fillTemplate(
  template: string,
  values: object | undefined,
  write: (name: string, value: unknown) => string,
): string {
  // Own properties only: `constructor` is a name like any other.
  const given = new Map(entriesOf(values))
  const path = template.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const text = write(name, given.get(name) ?? '')
    if (text === '') throw new TypeError(`path parameter "${name}" is missing or empty`)
    return text
  })
  // WHATWG URL 4.4: a segment of one or two dots moves the path, percent-encoded or not.
  if (!/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(path)) return path
  throw new TypeError(`a path parameter makes "." or ".." of a segment of ${template}`)
}
