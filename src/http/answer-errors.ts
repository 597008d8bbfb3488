import { ApiError } from '../errors/response.ts'
import type { Answer, Operation } from '../lib/api.ts'
import type { Runtime } from '../lib/runtime.ts'

/** A documented error answer as an error. */
export function createApiError({ id }: Operation, { status, headers, body }: Answer): ApiError {
  return new ApiError(`${id} was answered with status ${status}`, { operation: id, status, headers, body })
}

/** The error that a documented error answer is thrown as: the convention's own, such as OAuth's, or an `ApiError`. */
export function toApiError(operation: Operation, answer: Answer, runtime?: Runtime): Error {
  const error = createApiError(operation, answer)
  return operation.readError?.(error, operation, answer, undefined, runtime) ?? error
}
