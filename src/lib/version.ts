/** Stands in the header of generated files, and answers `authentype --version`. A test holds it to package.json. */
export const packageVersion = '0.1.0'
