# Notices of all machines in one queue, where something reads it.

module "interruptions" {
  source = "kprov//aws/interruptions"
  count  = var.interruption_queue ? 1 : 0

  name = local.short
  # As `kprov//aws/workers` calls them; the pools themselves wait for their rights, and these for the queue.
  group_names = [for pool in keys(var.workers) : "${replace(var.name, ".", "-")}-${pool}"]

  tags = var.tags
}
