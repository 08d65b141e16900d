# SPDX-License-Identifier: GPL-2.0-only
#
# U-Boot script: start Herald from the partition that this script was found on. mkdisk.sh puts lines
# before it that set kernel_args (the management VM's kernel command line) and herald_args.
#
# Memory, relative to kernel_addr_r: Herald there, the management VM's kernel 192 MiB above it (at a
# 2 MiB boundary, where it will run in place), the initramfs 96 MiB above that, and the device tree
# 16 MiB below the kernel. On a board where those ranges are not RAM, change the three lines.

setexpr kernel_at ${kernel_addr_r} + 0xc000000
setexpr kernel_at ${kernel_at} \& 0xffe00000
setexpr initrd_at ${kernel_at} + 0x6000000
setexpr fdt_at ${kernel_at} - 0x1000000

load ${devtype} ${devnum}:${distro_bootpart} ${kernel_addr_r} herald.img
load ${devtype} ${devnum}:${distro_bootpart} ${kernel_at} Image
setenv kernel_size ${filesize}
load ${devtype} ${devnum}:${distro_bootpart} ${initrd_at} initrd
setenv initrd_size ${filesize}

# The size leaves room for the nodes below; U-Boot keeps the tree's own size otherwise.
fdt addr ${fdtcontroladdr}
fdt move ${fdtcontroladdr} ${fdt_at} 0x120000
fdt resize 0x2000

# reg is written with two cells each for address and size, as the root says on arm64 machines.
fdt mknode /chosen module@${kernel_at}
fdt set /chosen/module@${kernel_at} compatible "multiboot,module" "multiboot,kernel"
fdt set /chosen/module@${kernel_at} reg <0x0 0x${kernel_at} 0x0 0x${kernel_size}>
fdt set /chosen/module@${kernel_at} bootargs "${kernel_args}"
fdt mknode /chosen module@${initrd_at}
fdt set /chosen/module@${initrd_at} compatible "multiboot,module" "multiboot,ramdisk"
fdt set /chosen/module@${initrd_at} reg <0x0 0x${initrd_at} 0x0 0x${initrd_size}>

setenv bootargs "${herald_args}"
booti ${kernel_addr_r} - ${fdt_at}
