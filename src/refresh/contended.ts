import { StoreError } from '../errors/session.ts'

/** Unrelated writers (a label, another resource's token) may come between; a handful of tries passes them all. */
export const maxWriteAttempts = 10

export function contended(serial: string): StoreError {
  const [record = ''] = serial.split(':', 1)
  return new StoreError('version_conflict', `a ${record} was changed by others each time that it was to be written`, {
    record,
  })
}
