/**
 * Where Lua source comes from: the disk, or what an earlier version of the application has read.
 *
 * Every file that is run – main.lua, modules, what `dofile` and `loadfile` name – goes through this, so that the owner
 * of the application knows what it consists of.
 */
export interface Sources {
  /** @param file absolute @throws the file system's error */
  read(file: string): Uint8Array;
  exists(file: string): boolean;
  /** The script itself writes `file`: from now on it is data of the application, not a part of it. */
  wrote(file: string): void;
}
