import { join } from 'node:path'

/** Where things lie below the directory of a store. */
export interface Layout {
  readonly root: string
  /** A file for each record, named by the hash of its key. */
  readonly records: string
  /** A folder for each index value, and in it an empty file for each record that carries it. */
  readonly indexes: string
  /** A folder for each hour, and in it an empty file for each record that expires in it. */
  readonly expiry: string
  /** New records on their way in. What a crash leaves here belongs to no commit. */
  readonly staged: string
  /** The commit of several records that is being carried out. */
  readonly intent: string
  /** Held by whoever commits. */
  readonly lock: string
  /** Its being there says that `indexes` and `expiry` miss nothing. */
  readonly complete: string
}

export function createLayout(root: string): Layout {
  return {
    root,
    records: join(root, 'records'),
    indexes: join(root, 'indexes'),
    expiry: join(root, 'expiry'),
    staged: join(root, 'staged'),
    intent: join(root, 'intent.json'),
    lock: join(root, 'lock'),
    complete: join(root, 'indexes-complete'),
  }
}
