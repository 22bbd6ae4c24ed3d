/** The data folder cannot be used; the message is one line for the operator. */
export class DataFolderError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "DataFolderError";
  }
}
