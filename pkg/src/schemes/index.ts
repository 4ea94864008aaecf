// The names of `edgegate/schemes`, besides `schemes`: stored hashes of other schemes than bcrypt.

export {
  ARGON2_COST,
  Schemes,
  type Argon2Cost,
  type PasswordSchemes,
  type SchemeDescription,
  type SchemeFault,
  type SchemeKind,
  type SchemesSource,
} from "../schemes.js";
