import type { Operation, OperationInput } from '../api.ts'

/**
 * The path of an operation with single values in it, each percent-encoded so that it cannot leave its segment.
 *
 * @throws TypeError for a missing or empty parameter, and for one that makes `.` or `..` of a segment
 */
export function fillPath(operation: Operation, input: OperationInput): string {
  return fillTemplate(operation.path, input.path, (value) => encodeURIComponent(`${value}`))
}

/** `write` makes the text of one parameter from its value and name. */
export function fillTemplate(
  template: string,
  values: object = {},
  write: (value: unknown, name: string) => string,
): string {
  const path = template.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    // Own properties only: `constructor` is a name like any other.
    const value: unknown = Object.hasOwn(values, name) ? values[name as never] : ''
    const text = write(value ?? '', name)
    if (!text) throw new TypeError(`path parameter "${name}" is missing or empty`)
    return text
  })
  // WHATWG URL 4.4: a segment of one or two dots moves the path, percent-encoded or not.
  if (/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(path)) throw new TypeError(`a parameter makes dots of a segment of ${template}`)
  return path
}
