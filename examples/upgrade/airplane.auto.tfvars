image_id       = "ami-0a1b2c3d4e5f60718"
shutdown_delay = "5s"
runtime        = "kwok"
