/** Stands in the header of generated files. A test holds it to package.json. */
export const generatorVersion = '0.1.0'
