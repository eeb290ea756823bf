//! What machines may do: the credentials of their metadata, and the policies of their role.
