/** What is there: absent and null members are left out of whatever is written. */
export function entriesOf(value: object | undefined): [string, NonNullable<unknown>][] {
  return Object.entries(value ?? {}).filter(([, item]) => item != null)
}

/** A value as text: objects as JSON. */
export function toText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** A body that is sent as it is. */
export function isReady(body: unknown): body is Exclude<BodyInit, string> {
  return (
    ArrayBuffer.isView(body) ||
    [Blob, FormData, URLSearchParams, ReadableStream, ArrayBuffer].some((kind) => body instanceof kind)
  )
}
