declare module 'asl-validator' {
  interface Outcome {
    isValid: boolean;
    errorsText(separator?: string): string;
  }
  function validate(definition: object): Outcome;
  export = validate;
}
