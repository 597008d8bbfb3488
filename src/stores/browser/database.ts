/** One IndexedDB database, opened when it is first used and again when the browser closed it. */
export interface Database {
  /**
   * One transaction: all of it is on the disk when this resolves, and nothing is changed when it rejects. `task` asks
   * its first questions at once and the later ones from the answers, since a transaction of which nothing is
   * asked ends by itself.
   */
  run<T>(mode: 'readonly' | 'readwrite', task: (transaction: Transaction<T>) => void): Promise<T>
  close(): void
}

export interface Transaction<T> {
  readonly records: IDBObjectStore
  ask<A>(request: IDBRequest<A>, answered: (answer: A) => void): void
  /** What the transaction comes to, if it does. */
  done(result: T): void
}

export const termsIndex = 'terms'
export const expiryIndex = 'expiresAt'

const recordsName = 'records'
const databaseVersion = 1

export function openDatabase(name: string): Database {
  let opening: Promise<IDBDatabase> | undefined
  const forget = () => {
    opening = undefined
  }
  const connect = (): Promise<IDBDatabase> => {
    opening ??= open(name, forget)
    opening.catch(forget)
    return opening
  }

  return {
    async run(mode, task) {
      try {
        return await runIn(await connect(), mode, task)
      } catch (error) {
        // It was closed just before: by another tab's upgrade, or with the site's data.
        if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error
        forget()
        return await runIn(await connect(), mode, task)
      }
    },
    close() {
      opening?.then((database) => database.close()).catch(() => {})
      forget()
    },
  }
}

function open(name: string, forget: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, databaseVersion)
    request.onupgradeneeded = () => {
      const records = request.result.createObjectStore(recordsName, { keyPath: 'key' })
      records.createIndex(termsIndex, 'terms', { multiEntry: true })
      records.createIndex(expiryIndex, 'expiresAt')
    }
    request.onerror = () => reject(request.error)
    request.onsuccess = () => {
      const database = request.result
      database.onclose = forget
      // A newer version of the application in another tab must not wait for this one.
      database.onversionchange = () => {
        database.close()
        forget()
      }
      resolve(database)
    }
  })
}

function runIn<T>(
  database: IDBDatabase,
  mode: 'readonly' | 'readwrite',
  task: (transaction: Transaction<T>) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    // A refresh token that was rotated exists nowhere else: it has to be on the disk when the commit is.
    const transaction = database.transaction(recordsName, mode, { durability: 'strict' })
    let result: T
    let failure: unknown
    transaction.oncomplete = () => resolve(result)
    transaction.onabort = () => reject(failure ?? transaction.error)
    // What is thrown in a handler would undo the transaction too, but be lost.
    const guard = (step: () => void) => {
      try {
        step()
      } catch (error) {
        failure = error
        transaction.abort()
      }
    }
    guard(() =>
      task({
        records: transaction.objectStore(recordsName),
        ask: (request, answered) => {
          request.onsuccess = () => guard(() => answered(request.result))
        },
        done: (value) => {
          result = value
        },
      }),
    )
  })
}
