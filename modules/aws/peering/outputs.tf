output "peering_id" {
  description = "Id of the peering connection, once it is active."
  value       = aws_vpc_peering_connection_accepter.this.id
}

output "status" {
  description = "Status that the accepting side reports."
  value       = aws_vpc_peering_connection_accepter.this.accept_status
}
