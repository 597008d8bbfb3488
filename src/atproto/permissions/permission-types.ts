/** The kinds of permissions, by the word that their text begins with. */
export type PermissionResource = 'account' | 'blob' | 'identity' | 'include' | 'repo' | 'rpc'

interface PermissionText {
  /** As it stands in a scope. What was parsed keeps its text to the letter; what was built has the canonical one. */
  readonly text: string
}

/** The account's e-mail address, or taking in a whole repository. */
export interface AccountPermission extends PermissionText {
  readonly resource: 'account'
  readonly attr: AccountAttribute
  readonly action: AccountAction
}

/** A part of an account that a permission can be for. */
export type AccountAttribute = 'email' | 'repo'
/** What may be done with a part of an account. */
export type AccountAction = 'read' | 'manage'

/** Uploads of some media types. */
export interface BlobPermission extends PermissionText {
  readonly resource: 'blob'
  /** Media types, or ranges of them: `image/png`, `image/*`, and both with a wildcard for all. */
  readonly accept: readonly string[]
}

/** The handle, or all of the DID document. */
export interface IdentityPermission extends PermissionText {
  readonly resource: 'identity'
  readonly attr: IdentityAttribute
}

/** A part of an identity that a permission can be for. */
export type IdentityAttribute = 'handle' | '*'

/** A set of permissions that its author has published under an NSID. */
export interface IncludePermission extends PermissionText {
  readonly resource: 'include'
  readonly nsid: string
  /** The service that inherited audiences mean: a DID with a fragment. */
  readonly aud?: string
}

/** Writing records. */
export interface RepoPermission extends PermissionText {
  readonly resource: 'repo'
  /** NSIDs, or `*` for all. */
  readonly collections: readonly string[]
  /** All three where the text names none. */
  readonly actions: readonly RepoAction[]
}

/** What may be done with the records of a repository. */
export type RepoAction = 'create' | 'update' | 'delete'

/** Calls to other services in the account's name. */
export interface RpcPermission extends PermissionText {
  readonly resource: 'rpc'
  /** NSIDs of methods, or `*` for all. */
  readonly lxm: readonly string[]
  /** A DID with the fragment of a service, or `*` for any; absent where `inheritAud`. */
  readonly aud?: string
  /** In a permission set: the audience is that of the `include`. */
  readonly inheritAud?: true
}

/** A permission of any kind; `resource` tells which. */
export type Permission =
  | AccountPermission
  | BlobPermission
  | IdentityPermission
  | IncludePermission
  | RepoPermission
  | RpcPermission
