import { ApiError } from '../errors/response.ts'
import type { Answer, Operation } from '../lib/api.ts'
import type { Runtime } from '../lib/runtime.ts'

/**
 * The error that a documented error answer is thrown as: the convention's own, such as OAuth's, or an `ApiError`.
 *
 * @param bytes of the answer's body, where the document knows of none
 */
export function toApiError(operation: Operation, answer: Answer, runtime?: Runtime, bytes?: ArrayBuffer): Error {
  const { status, headers, body } = answer
  const { id } = operation
  return (
    operation.readError?.(operation, answer, bytes, runtime) ??
    new ApiError(`${id} was answered with status ${status}`, { operation: id, status, headers, body })
  )
}
