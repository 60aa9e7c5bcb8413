//! The provider trait and its rooms; wire types never leave their room.
