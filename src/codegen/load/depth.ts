import { GenerateError } from '../../errors/generate.ts'

/** No honest document is nested deeper; below it, no recursive pass can overflow the stack. */
export const maxDepth = 256

export function tooDeep(name: string, cause?: unknown): GenerateError {
  return new GenerateError('document_too_complex', `${name}: nested deeper than ${maxDepth} levels`, {
    file: name,
    cause,
  })
}
