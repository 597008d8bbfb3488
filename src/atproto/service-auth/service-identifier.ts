import { didPattern, isDid } from '../did.ts'

/** A DID, and of its services the one that is meant, where one is. */
export interface ServiceIdentifier {
  readonly did: string
  readonly service: string | undefined
}

const pattern = new RegExp(`^(${didPattern})(?:#([\\w.-]+))?$`)

/** `did:web:labels.example#atproto_labeler`, taken apart; `undefined` for what is none. */
export function parseServiceIdentifier(text: unknown): ServiceIdentifier | undefined {
  const match = typeof text === 'string' ? pattern.exec(text) : null
  return match && isDid(match[1]) ? { did: match[1], service: match[2] } : undefined
}
