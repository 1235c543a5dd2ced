"""The database: tables, sessions, migrations. Rows hold and guard; behaviour lives in the cores."""
