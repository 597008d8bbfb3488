/** What is there: absent and null members are left out of whatever is written. */
export function entriesOf(value: object | undefined): [string, NonNullable<unknown>][] {
  return Object.entries(value ?? {}).filter(([, item]) => item != null)
}

/** A value as text: objects as JSON. */
export function toText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The items of a list; of an object the keys and values by turns; else the value itself. */
export function listItems(value: unknown, encode: (text: string) => string): string[] {
  if (typeof value !== 'object') return [encode(String(value))]
  const items: unknown[] = Array.isArray(value) ? value : entriesOf(value ?? {}).flat()
  return items.map((item) => encode(toText(item)))
}

/** A body that is sent as it is. */
export function isReady(body: unknown): body is Exclude<BodyInit, string> {
  return (
    ArrayBuffer.isView(body) ||
    [Blob, FormData, URLSearchParams, ReadableStream, ArrayBuffer].some((kind) => body instanceof kind)
  )
}
